#include "backends/cudnn/moved.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareTranspose(const OpContext& context) {
  const TensorType& x = context.input(0).type;
  const auto& axes = std::get<TransposeAttrs>(context.node.attrs).perm;
  return PrepareMovement(context, Movement::Transpose(x.shape, axes, BytesOf(x.dtype)));
}

}  // namespace

constexpr OpEntry kTranspose{.prepare = PrepareTranspose};

}  // namespace slimnet::cudnn
