#include "addon/draw.h"

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/store.h"
#include "addon/tensors.h"
#include "base/error.h"
#include "ir/limits.h"
#include "runtime/draw.h"

namespace slimnet {
namespace {

class DrawJob final : public AsyncJob {
 public:
  DrawJob(std::shared_ptr<SharedStore> shared, std::vector<Draw> draws)
      : AsyncJob(shared->store().get()), shared_(std::move(shared)), draws_(std::move(draws)) {}

  void Execute(const ExecutorResources& resources) override {
    DrawVariables(*shared_->store(), draws_, resources.pool, cancelled());
  }

  napi_value Result(napi_env env) override {
    shared_->Account(env);
    return js::Undefined(env);
  }

 private:
  std::shared_ptr<SharedStore> shared_;
  std::vector<Draw> draws_;
};

Draw ReadDraw(napi_env env, napi_value object) {
  const auto get = [&](const char* name) { return js::Get(env, object, name, "draw"); };
  Draw draw;
  draw.variable = js::ReadString(env, get("name"), "name", limits::kNameBytes);
  const std::string distribution = js::ReadString(env, get("distribution"), "distribution", 64);
  if (distribution == "truncated_normal") {
    draw.distribution = Draw::Distribution::kTruncatedNormal;
  } else if (distribution != "uniform") {
    throw Error(ErrorCode::kArgument,
                "distribution: expected uniform or truncated_normal, received " + distribution + ".");
  }
  draw.location = js::ReadDouble(env, get("location"), "location");
  draw.scale = js::ReadDouble(env, get("scale"), "scale");
  const ArrayView state = ReadTypedArray(env, get("state"), "state");
  if (state.type != napi_uint32_array || state.length != draw.state.size()) {
    throw Error(ErrorCode::kArgument, "state: expected four words in a Uint32Array.");
  }
  std::memcpy(draw.state.data(), state.bytes.data(), state.bytes.size());
  return draw;
}

}  // namespace

napi_value DrawInitialValues(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  auto draws =
      js::ReadList(env, arguments[1], "draws", limits::kNodes, [&](napi_value draw) { return ReadDraw(env, draw); });
  return StartStoreJob<DrawJob>(env, arguments[0], std::move(draws));
}

}  // namespace slimnet
