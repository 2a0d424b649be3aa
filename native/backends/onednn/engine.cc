#include "backends/onednn/engine.h"

#include <oneapi/dnnl/dnnl_threadpool.hpp>

namespace slimnet::onednn {
namespace {

// Primitives split their work for the number of threads that is set on the thread which makes them.
class ConcurrencyScope {
 public:
  explicit ConcurrencyScope(int threads) {
    dnnl_threadpool_interop_get_max_concurrency(&before_);
    dnnl_threadpool_interop_set_max_concurrency(threads);
  }
  ~ConcurrencyScope() { dnnl_threadpool_interop_set_max_concurrency(before_); }
  ConcurrencyScope(const ConcurrencyScope&) = delete;
  ConcurrencyScope& operator=(const ConcurrencyScope&) = delete;

 private:
  int before_ = 1;
};

}  // namespace

const dnnl::primitive& Prepared::primitive() const {
  std::call_once(once_, [&] {
    const ConcurrencyScope scope(threads_);
    primitive_ = dnnl::primitive(desc_.get());
  });
  return primitive_;
}

PreparedPtr Engine::Prepare(const char* what, const NodeContext& node,
                            const std::function<dnnl::primitive_desc_base()>& choose) const {
  return Guarded(what, node, [&] {
    const ConcurrencyScope scope(threads_);
    return std::make_shared<const Prepared>(what, choose(), threads_);
  });
}

PreparedPtr Engine::Prepare(const char* what, const NodeContext& node, const Key& key,
                            const std::function<dnnl::primitive_desc_base()>& choose) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = kept_.find(key.bytes()); found != kept_.end()) return found->second;
  }
  PreparedPtr made = Prepare(what, node, choose);
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= kMaxKept) kept_.clear();
  // Another thread may have been quicker: then both use its object, so that code is generated once.
  return kept_.emplace(key.bytes(), std::move(made)).first->second;
}

}  // namespace slimnet::onednn
