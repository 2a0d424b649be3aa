// Copies that would keep a thread which has other things to do, such as one with an event loop, for milliseconds.
#pragma once

#include <cstddef>
#include <memory>

#include "runtime/thread_pool.h"

namespace slimnet {

// Copies a block in pieces, on the threads of `pool`.
void CopyInPieces(ParallelFor& pool, void* to, const void* from, size_t bytes);

// Copies large blocks on two cores, where there are two: one alone does not use all of the memory's bandwidth. A batch
// of 32 pictures of 224 pixels is 19 MB. To be used by one thread at a time.
class LargeCopy {
 public:
  // `cores`: what this process may use.
  explicit LargeCopy(int cores) : cores_(cores) {}

  void Copy(void* to, const void* from, size_t bytes);
  // Ends the second thread. It is made again when it is needed.
  void Stop() { pool_.reset(); }

 private:
  // Null where there is no second thread to be had.
  ThreadPool* Pool();

  const int cores_;
  std::unique_ptr<ThreadPool> pool_;
  bool refused_ = false;
};

}  // namespace slimnet
