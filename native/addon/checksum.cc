#include "addon/checksum.h"

#include "addon/tensors.h"
#include "base/crc32c.h"

namespace slimnet {

napi_value Checksum(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const napi_value seed_value = arguments[1];
  const int64_t seed = js::IsUndefined(env, seed_value) ? 0 : js::ReadInteger(env, seed_value, "seed", 0, 0xffffffff);
  const ArrayView view = ReadTypedArray(env, arguments[0], "bytes");
  RequireDType(view, DType::kUInt8, "bytes");
  return js::Number(env, Crc32c(view.bytes, static_cast<uint32_t>(seed)));
}

}  // namespace slimnet
