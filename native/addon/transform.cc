#include "addon/transform.h"

#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "ir/limits.h"
#include "passes/pipeline.h"

namespace slimnet {
namespace {

constexpr size_t kMostPasses = 1000;

}  // namespace

napi_value Transform(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::string text = js::ReadString(env, arguments[0], "plan", limits::kTextBytes);
  const napi_value options = arguments[1];
  const std::string name =
      js::ReadString(env, js::Get(env, options, "backend", "options"), "backend", limits::kNameBytes);
  const napi_value threads = js::Get(env, options, "threads", "options");
  BackendOptions backend_options;
  if (!js::IsUndefined(env, threads)) {
    backend_options.threads = static_cast<int>(js::ReadInteger(env, threads, "threads", 1, 1024));
  }
  PipelineOptions pipeline;
  pipeline.verify = true;
  if (const napi_value passes = js::Get(env, options, "passes", "options"); !js::IsUndefined(env, passes)) {
    pipeline.passes.emplace();
    for (const napi_value pass : js::ReadArray(env, passes, "passes", kMostPasses)) {
      pipeline.passes->push_back(js::ReadString(env, pass, "passes", limits::kNameBytes));
    }
  }
  Program program = Parse(text);
  RunPipeline(program, *MakeBackend(name, backend_options), pipeline);
  return js::String(env, Print(program));
}

}  // namespace slimnet
