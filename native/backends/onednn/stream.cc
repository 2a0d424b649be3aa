#include "backends/onednn/stream.h"

namespace slimnet::onednn {

void ThreadPoolAdapter::parallel_for(int jobs, const std::function<void(int, int)>& job) {
  if (jobs == 1 || threads_ == 1 || get_in_parallel()) {
    for (int i = 0; i < jobs; ++i) job(i, jobs);
    return;
  }
  const auto one = [&job, jobs](int i) { job(i, jobs); };
  RunApart(jobs, std::ref(one));  // a reference fits into std::function without an allocation
}

void ThreadPoolAdapter::RunApart(int jobs, const std::function<void(int)>& job) {
  in_parallel_.store(true, std::memory_order_relaxed);
  pool_.Run(jobs, job);
  in_parallel_.store(false, std::memory_order_relaxed);
}

}  // namespace slimnet::onednn
