#include "backends/cudnn/moved.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PreparePad(const OpContext& context) {
  return PrepareBorders(context, Movement::Pad, std::get<PadAttrs>(context.node.attrs).pads);
}

}  // namespace

constexpr OpEntry kPad{.reads_low_precision = true, .prepare = PreparePad};

}  // namespace slimnet::cudnn
