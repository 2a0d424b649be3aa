#include "addon/fill.h"

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/store.h"
#include "ir/limits.h"
#include "runtime/fill.h"

namespace slimnet {
namespace {

constexpr int64_t kLargestOffset = (int64_t{1} << 53) - 1;

std::string Name(FillProblem::Kind kind) {
  switch (kind) {
    case FillProblem::Kind::kChecksum:
      return "checksum";
    case FillProblem::Kind::kEnd:
      return "end";
    case FillProblem::Kind::kSystem:
      return "system";
  }
  return "system";
}

class FillJob final : public AsyncJob {
 public:
  FillJob(std::shared_ptr<SharedStore> shared, std::vector<Fill> fills)
      : AsyncJob(shared->store().get()), shared_(std::move(shared)), fills_(std::move(fills)) {}

  void Execute(const ExecutorResources& resources) override {
    result_ = FillVariables(*shared_->store(), fills_, resources.pool, cancelled());
  }

  napi_value Result(napi_env env) override {
    shared_->Account(env);
    const napi_value object = js::Object(env);
    js::Set(env, object, "filled", js::Number(env, static_cast<double>(result_.filled)));
    if (!result_.problem) return object;
    const FillProblem& found = *result_.problem;
    const napi_value problem = js::Object(env);
    js::Set(env, problem, "index", js::Number(env, static_cast<double>(found.index)));
    js::Set(env, problem, "kind", js::String(env, Name(found.kind)));
    js::Set(env, problem, "computed", js::Number(env, found.computed));
    js::Set(env, problem, "at", js::Number(env, static_cast<double>(found.at)));
    js::Set(env, problem, "errno", js::Number(env, found.error));
    js::Set(env, object, "problem", problem);
    return object;
  }

 private:
  std::shared_ptr<SharedStore> shared_;
  std::vector<Fill> fills_;
  FillResult result_;
};

class HashContentsJob final : public AsyncJob {
 public:
  HashContentsJob(std::shared_ptr<SharedStore> shared, std::vector<std::string> names)
      : AsyncJob(shared->store().get()), shared_(std::move(shared)), names_(std::move(names)) {}

  void Execute(const ExecutorResources& resources) override { shared_->store()->HashContents(names_, resources.pool); }
  napi_value Result(napi_env env) override { return js::Undefined(env); }

 private:
  std::shared_ptr<SharedStore> shared_;
  std::vector<std::string> names_;
};

Fill ReadFill(napi_env env, napi_value object) {
  const auto get = [&](const char* name) { return js::Get(env, object, name, "fill"); };
  Fill fill;
  fill.variable = js::ReadString(env, get("name"), "name", limits::kNameBytes);
  fill.file = static_cast<int>(js::ReadInteger(env, get("file"), "file", 0, std::numeric_limits<int>::max()));
  fill.offset = js::ReadInteger(env, get("offset"), "offset", 0, kLargestOffset);
  const napi_value checksum = get("checksum");
  if (!js::IsUndefined(env, checksum)) {
    constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
    fill.checksum = static_cast<uint32_t>(js::ReadInteger(env, checksum, "checksum", 0, kMost));
  }
  return fill;
}

}  // namespace

napi_value HashVariableContents(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  auto names = js::ReadList(env, arguments[1], "names", limits::kNodes,
                            [&](napi_value name) { return js::ReadString(env, name, "name", limits::kNameBytes); });
  return StartStoreJob<HashContentsJob>(env, arguments[0], std::move(names));
}

napi_value FillFromFiles(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  auto fills =
      js::ReadList(env, arguments[1], "fills", limits::kNodes, [&](napi_value fill) { return ReadFill(env, fill); });
  return StartStoreJob<FillJob>(env, arguments[0], std::move(fills));
}

}  // namespace slimnet
