#include "backends/onednn/stream.h"

namespace slimnet::onednn {

void ThreadPoolAdapter::parallel_for(int jobs, const std::function<void(int, int)>& job) {
  if (jobs == 1 || threads_ == 1 || get_in_parallel()) {
    for (int i = 0; i < jobs; ++i) job(i, jobs);
    return;
  }
  in_parallel_.store(true, std::memory_order_relaxed);
  const auto one = [&job, jobs](int i) { job(i, jobs); };
  pool_.Run(jobs, std::ref(one));  // a reference fits into std::function without an allocation
  in_parallel_.store(false, std::memory_order_relaxed);
}

}  // namespace slimnet::onednn
