#include "addon/finite.h"

#include "addon/tensors.h"
#include "runtime/not_numbers.h"

namespace slimnet {

napi_value AllFinite(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const ArrayView view = ReadTypedArray(env, arguments[0], "values");
  RequireDType(view, DType::kFloat32, "values");
  return js::Boolean(env, !AnyNotFinite(reinterpret_cast<const float*>(view.bytes.data()), view.length));
}

}  // namespace slimnet
