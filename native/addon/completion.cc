#include "addon/completion.h"

#include <utility>

#include "addon/js.h"

namespace slimnet {

std::shared_ptr<Completion> Completion::Create(napi_env env, Receive receive) {
  std::shared_ptr<Completion> completion(new Completion(std::move(receive)));
  // Node holds its own reference until it has taken the function down, which may be after the environment's objects are
  // gone.
  auto held = std::make_unique<std::shared_ptr<Completion>>(completion);
  const napi_finalize finalize = [](napi_env, void* data, void*) {
    const std::unique_ptr<std::shared_ptr<Completion>> last(static_cast<std::shared_ptr<Completion>*>(data));
    (*last)->Close();
  };
  const napi_threadsafe_function_call_js deliver = [](napi_env environment, napi_value, void* context, void*) {
    if (environment != nullptr) static_cast<Completion*>(context)->Deliver(environment);
  };
  js::Check(env, napi_create_threadsafe_function(env, nullptr, nullptr, js::String(env, "slimnet"), 0, 1, held.get(),
                                                 finalize, completion.get(), deliver, &completion->wake_));
  held.release();
  js::Check(env, napi_unref_threadsafe_function(env, completion->wake_));
  return completion;
}

void Completion::Push(std::unique_ptr<Task> task) noexcept {
  const std::lock_guard lock(mutex_);
  if (!open_) return;
  done_.push_back(std::move(task));
  if (woken_) return;
  woken_ = napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking) == napi_ok;
}

void Completion::KeepAlive(napi_env env, bool keep) noexcept {
  const std::lock_guard lock(mutex_);
  if (!open_) return;
  if (keep) {
    napi_ref_threadsafe_function(env, wake_);
  } else {
    napi_unref_threadsafe_function(env, wake_);
  }
}

void Completion::Close() noexcept {
  std::vector<std::unique_ptr<Task>> dropped;
  const std::lock_guard lock(mutex_);
  open_ = false;
  dropped.swap(done_);
}

void Completion::Deliver(napi_env env) {
  std::vector<std::unique_ptr<Task>> done;
  {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    if (!open_) return;
    done.swap(done_);
  }
  for (std::unique_ptr<Task>& task : done) receive_(env, std::move(task));
}

}  // namespace slimnet
