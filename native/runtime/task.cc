#include "runtime/task.h"

#include <exception>
#include <new>
#include <string>

namespace slimnet {

void Task::Attempt(const std::function<void()>& work) noexcept {
  try {
    work();
  } catch (const Error& error) {
    failure_ = error;
  } catch (const std::bad_alloc&) {
    failure_.emplace(ErrorCode::kMemory, "Out of memory.");
  } catch (const std::exception& error) {
    failure_.emplace(ErrorCode::kInternal, std::string("Unexpected exception: ") + error.what());
  } catch (...) {
    failure_.emplace(ErrorCode::kInternal, "Unexpected exception of unknown type.");
  }
}

}  // namespace slimnet
