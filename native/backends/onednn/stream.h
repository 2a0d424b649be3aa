// oneDNN's streams over the executor's threads.
#pragma once

#include <atomic>
#include <oneapi/dnnl/dnnl.hpp>
#include <oneapi/dnnl/dnnl_threadpool.hpp>

#include "backends/cpu/cpu_stream.h"

namespace slimnet::onednn {

// Hands oneDNN's parallel loops to a ParallelFor. Serves one stream, hence one executor at a time.
class ThreadPoolAdapter final : public dnnl::threadpool_interop::threadpool_iface {
 public:
  // `threads` is what primitives were prepared for: some book scratch memory by it, so it must not follow the pool.
  ThreadPoolAdapter(ParallelFor& pool, int threads) : pool_(pool), threads_(threads) {}

  int get_num_threads() const override { return threads_; }
  // Only code that a loop below has started can ask while that loop runs: the stream's owner waits in it.
  bool get_in_parallel() const override { return in_parallel_.load(std::memory_order_relaxed); }
  uint64_t get_flags() const override { return 0; }
  void parallel_for(int jobs, const std::function<void(int, int)>& job) override;
  // Runs jobs side by side; primitives that they execute stay on the thread of their job.
  void RunApart(int jobs, const std::function<void(int)>& job);

 private:
  ParallelFor& pool_;
  const int threads_;
  std::atomic<bool> in_parallel_{false};
};

class OnednnStream final : public cpu::CpuStream {
 public:
  OnednnStream(const dnnl::engine& engine, ParallelFor* pool, int threads)
      : CpuStream(pool),
        adapter_(CpuStream::pool(), threads),
        stream_(dnnl::threadpool_interop::make_stream(engine, &adapter_)) {}

  dnnl_stream_t handle() const { return stream_.get(); }
  void RunApart(int jobs, const std::function<void(int)>& job) { adapter_.RunApart(jobs, job); }

 private:
  ThreadPoolAdapter adapter_;
  dnnl::stream stream_;
};

}  // namespace slimnet::onednn
