// Images of few or of an odd number of channels, which cuDNN reads slowly or not at all: their channels are filled up
// with zeros, by what makes the image or in the scratch memory of the step that reads it.
#pragma once

#include "backends/cudnn/aligned.h"
#include "backends/cudnn/filled_layout.h"
#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernels/pack.h"
#include "backends/cudnn/plan_step.h"

namespace slimnet::cudnn {

// What a tensor core reads at once, in channels of a type.
inline int64_t CoreChannels(DType type) { return 16 / static_cast<int64_t>(BytesOf(type)); }

// Of an odd number of channels of 16 bits each, for which cuDNN has no engines of gradients: the next multiple of what
// a tensor core reads at once; of others what there is.
inline int64_t FilledChannels(DType stored, int64_t channels) {
  const bool odd = stored != DType::kFloat32 && channels % 2 != 0;
  const int64_t core = CoreChannels(DType::kBFloat16);
  return odd ? (channels + core - 1) / core * core : channels;
}

// The image at a port of a node as cuDNN is given it: stored as `stored`, with `channels` channels. Where this step
// fills it up, that lies at `offset` of the scratch memory.
class FilledImage {
 public:
  FilledImage(const OpContext& context, size_t port, DType stored, int64_t channels, size_t offset)
      : port_(port),
        offset_(offset),
        shape_(context.input(port).type.shape),
        from_(context.input(port)),
        stored_(stored),
        channels_(channels),
        filled_(channels != shape_[3] && FilledLayoutOf(context.input(port)) == nullptr) {}

  // As gradients need it.
  FilledImage(const OpContext& context, size_t port, size_t offset)
      : FilledImage(context, port, StoredDType(context.input(port)),
                    FilledChannels(StoredDType(context.input(port)), context.input(port).type.shape[3]), offset) {}

  // Whether this step fills it up.
  bool filled() const { return filled_; }
  int64_t channels() const { return channels_; }
  TensorPlace place() const { return filled() ? TensorPlace::Scratch(offset_) : TensorPlace::Input(port_); }
  Tensor AddTo(Graph& graph) const { return graph.Stored(stored_, {shape_[0], channels_, shape_[1], shape_[2]}); }
  size_t scratch_bytes() const {
    return filled() ? AlignedBytes(static_cast<size_t>(pixels() * channels_) * BytesOf(stored_)) : 0;
  }
  void Fill(Queue& queue, const Bindings& b) const {
    if (!filled()) return;
    PadChannels(queue, pixels(), shape_[3], channels_, from_(b.inputs[port_]), {},
                {b.scratch + offset_, stored_, from_.step()});
  }
  // In which its maker may write it; null where there is nothing to fill up, and for what comes in low precision.
  LayoutPtr layout() const {
    if (channels_ == shape_[3] || from_.stored() != DType::kFloat32) return nullptr;
    return std::make_shared<FilledLayout>(pixels(), shape_[3], stored_, channels_);
  }

 private:
  int64_t pixels() const { return shape_[0] * shape_[1] * shape_[2]; }

  size_t port_;
  size_t offset_;
  Shape shape_;
  FloatsOf from_;
  DType stored_;
  int64_t channels_;
  bool filled_;
};

}  // namespace slimnet::cudnn
