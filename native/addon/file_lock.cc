#include "addon/file_lock.h"

#include <sys/file.h>

#include <cerrno>
#include <limits>

#include "base/error.h"

namespace slimnet {

napi_value LockFile(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const auto file =
      static_cast<int>(js::ReadInteger(env, arguments[0], "file", 0, std::numeric_limits<int32_t>::max()));
  int result = 0;
  do {
    result = flock(file, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return js::String(env, "locked");
  if (errno == EWOULDBLOCK) return js::String(env, "taken");
  if (errno == EBADF) throw Error(ErrorCode::kArgument, "file: expected the number of an open file.");
  return js::String(env, "unsupported");
}

}  // namespace slimnet
