// The way back from our threads to the JavaScript thread.
#pragma once

#include <node_api.h>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/task.h"

namespace slimnet {

// One for each environment. Tasks may arrive from any thread; they are handed over, in their order, on the JavaScript
// thread. Once closed it drops what arrives: the threads that still push need not know that the environment is ending.
class Completion : public std::enable_shared_from_this<Completion> {
 public:
  using Receive = std::function<void(napi_env, std::unique_ptr<Task>)>;

  // On the JavaScript thread. `receive` must not throw.
  static std::shared_ptr<Completion> Create(napi_env env, Receive receive);

  // From any thread.
  void Push(std::unique_ptr<Task> job) noexcept;

  // On the JavaScript thread: whether the event loop is to stay alive for what is still to come.
  void KeepAlive(napi_env env, bool keep) noexcept;
  void Close() noexcept;

 private:
  explicit Completion(Receive receive) : receive_(std::move(receive)) {}
  void Deliver(napi_env env);

  Receive receive_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Task>> done_;
  napi_threadsafe_function wake_ = nullptr;
  bool open_ = true;
  bool woken_ = false;
};

}  // namespace slimnet
