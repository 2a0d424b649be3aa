// The end of everything that queues work.
#pragma once

#include "backend/backend.h"

namespace slimnet {

// Lets nobody leave while work is queued: it may use memory that is about to be freed. To be declared behind what that
// work uses. Who leaves without a failure has waited before and learnt what failed; else the failure that makes one
// leave is the one to be told.
class Drain {
 public:
  explicit Drain(Stream& stream) : stream_(stream) {}
  ~Drain() {
    try {
      stream_.Wait();
    } catch (...) {  // see above
    }
  }
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

 private:
  Stream& stream_;
};

}  // namespace slimnet
