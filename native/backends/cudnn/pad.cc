#include "backends/cudnn/moved.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PreparePad(const OpContext& context) {
  const Value& x = context.input(0);
  const auto& pads = std::get<PadAttrs>(context.node.attrs).pads;
  return PrepareMovement(context, Movement::Pad(x.type.shape, pads, BytesOf(StoredDType(x))));
}

}  // namespace

constexpr OpEntry kPad{.reads_low_precision = true, .prepare = PreparePad};

}  // namespace slimnet::cudnn
