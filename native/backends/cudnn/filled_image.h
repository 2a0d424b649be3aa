// Images of an odd number of channels in bfloat16, which no engine of cuDNN's for gradients takes: they are filled up
// with zeros in the scratch memory of the step.
#pragma once

#include "backends/cudnn/aligned.h"
#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernels/pack.h"
#include "backends/cudnn/plan_step.h"

namespace slimnet::cudnn {

// As cuDNN is given them: as many as a tensor core reads at once, or a multiple.
inline int64_t FilledChannels(DType stored, int64_t channels) {
  constexpr int64_t kCoreChannels = 8;  // of 16 bits each
  const bool odd = stored != DType::kFloat32 && channels % 2 != 0;
  return odd ? (channels + kCoreChannels - 1) / kCoreChannels * kCoreChannels : channels;
}

// The image at a port of a node; where it is filled up, that lies at `offset` of the scratch memory.
class FilledImage {
 public:
  FilledImage(const OpContext& context, size_t port, size_t offset)
      : port_(port),
        offset_(offset),
        shape_(context.input(port).type.shape),
        from_(context.input(port)),
        stored_(StoredDType(context.input(port))),
        channels_(FilledChannels(stored_, shape_[3])) {}

  bool filled() const { return channels_ != shape_[3]; }
  int64_t channels() const { return channels_; }
  TensorPlace place() const { return filled() ? TensorPlace::Scratch(offset_) : TensorPlace::Input(port_); }
  Tensor AddTo(Graph& graph) const { return graph.Stored(stored_, {shape_[0], channels_, shape_[1], shape_[2]}); }
  size_t scratch_bytes() const {
    return filled() ? AlignedBytes(static_cast<size_t>(pixels() * channels_) * BytesOf(stored_)) : 0;
  }
  void Fill(Queue& queue, const Bindings& b) const {
    if (!filled()) return;
    PadChannels(queue, pixels(), shape_[3], channels_, from_(b.inputs[port_]), {}, {}, {b.scratch + offset_, stored_});
  }

 private:
  int64_t pixels() const { return shape_[0] * shape_[1] * shape_[2]; }

  size_t port_;
  size_t offset_;
  Shape shape_;
  FloatsOf from_;
  DType stored_;
  int64_t channels_;
};

}  // namespace slimnet::cudnn
