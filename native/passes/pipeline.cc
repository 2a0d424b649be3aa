#include "passes/pipeline.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "passes/passes.h"

namespace slimnet {
namespace {

constexpr std::array<Pass, 14> kPipeline{{
    {"canonicalize", Canonicalize},
    {"fold_batch_norm", FoldBatchNorm},
    {"fuse_norm_backward", FuseNormBackward},
    {"fuse_scaling", FuseScaling},
    {"fuse_post_ops", FusePostOps},
    {"assign_precision", AssignPrecision},
    {"fuse_norm", FuseNorm},
    {"split_batch", SplitBatch},
    {"assign_layout", AssignLayout},
    {"hoist_constants", HoistConstants},
    {"chain_updates", ChainUpdates},
    {"keep_old_values", KeepOldValues},
    {"schedule", Schedule},
    {"plan_memory", PlanValues},
}};

#ifdef NDEBUG
constexpr bool kAlwaysVerify = false;
#else
constexpr bool kAlwaysVerify = true;
#endif

const Pass& PassOf(std::string_view name) {
  const auto found =
      std::find_if(kPipeline.begin(), kPipeline.end(), [&](const Pass& pass) { return pass.name == name; });
  if (found != kPipeline.end()) return *found;
  std::string names;
  for (const Pass& pass : kPipeline) names += (names.empty() ? "" : ", ") + std::string(pass.name);
  throw Error(ErrorCode::kArgument, "There is no pass " + std::string(name) + "; the passes are " + names + ".");
}

std::vector<Pass> PassesOf(const PipelineOptions& options) {
  if (!options.passes) return {kPipeline.begin(), kPipeline.end()};
  std::vector<Pass> passes;
  for (const std::string& name : *options.passes) passes.push_back(PassOf(name));
  return passes;
}

void VerifyAfter(const Pass& pass, const Program& program) {
  try {
    Verify(program);
  } catch (const Error& error) {
    Error bug(ErrorCode::kInternal, "The pass " + std::string(pass.name) + " left a wrong program: " + error.what());
    throw bug.At(error.op(), error.node());
  }
}

}  // namespace

std::span<const Pass> Pipeline() { return kPipeline; }

void RunPipeline(Program& program, const Backend& backend, const PipelineOptions& options) {
  const std::vector<Pass> passes = PassesOf(options);
  Verify(program);
  for (const Pass& pass : passes) {
    pass.run(program, backend);
    if (kAlwaysVerify || options.verify) VerifyAfter(pass, program);
    if (options.observe) options.observe(pass.name, program);
  }
}

}  // namespace slimnet
