#include "backends/onednn/errors.h"

#include "backends/onednn/diagnostics.h"

namespace slimnet::onednn {
namespace {

std::string Explain(dnnl_status_t status) {
  switch (status) {
    case dnnl_out_of_memory:
      return "there is not enough memory";
    case dnnl_invalid_arguments:
      return "oneDNN takes these arguments for invalid";
    case dnnl_unimplemented:
      return "oneDNN has no implementation for these types, shapes and fused operations on this processor";
    default:
      return "oneDNN failed with status " + std::to_string(static_cast<int>(status));
  }
}

std::string Types(const NodeContext& context) {
  std::string text;
  for (size_t i = 0; i < context.node.inputs.size(); ++i) {
    if (i > 0) text.append(", ");
    text.append(ToString(context.input(i).type));
  }
  text.append(" ->");
  for (size_t i = 0; i < context.node.outputs.size(); ++i) text.append(" ").append(ToString(context.output(i).type));
  return text;
}

}  // namespace

Error ToError(dnnl_status_t status, std::string_view what, const NodeContext& context) {
  const std::string_view op = Info(context.node.op).name;
  // A refused mapping shows as any failure at all: say what is the matter rather than what oneDNN makes of it.
  const bool refused = (status == dnnl_out_of_memory || status == dnnl_runtime_error) && !MayGenerateCode();
  const std::string why =
      refused ? "the system does not let this process make memory executable (a hardened kernel, SELinux or "
                "a seccomp filter), which oneDNN's generated kernels need; allow it, or use the device "
                "'reference'"
              : Explain(status);
  const ErrorCode code = status == dnnl_out_of_memory && !refused ? ErrorCode::kMemory : ErrorCode::kBackend;
  Error error(code, "onednn: the primitive '" + std::string(what) + "' of " + std::string(op) + " \"" +
                        context.node.name + "\" (" + Types(context) + ") cannot be prepared or run: " + why + ".");
  return error.At(op, context.node.name);
}

}  // namespace slimnet::onednn
