// Operands of elementwise kernels, and what other ops left behind when they were absorbed.
#pragma once

#include "backends/cudnn/kernels/broadcast.h"
#include "backends/cudnn/kernels/floats.h"

namespace slimnet::cudnn {

// A float32 tensor that is stretched over a result.
class Operand {
 public:
  Operand() = default;
  Operand(Queue& queue, const Floats& floats, const Broadcast& broadcast)
      : view_(queue, floats), broadcast_(broadcast) {}

  SLIMNET_BODY float Load(int64_t i) const { return view_.Load(broadcast_(i)); }
  // Whether LoadOctet may be called.
  bool by_octets() const { return broadcast_.by_octets() && (broadcast_.one() || view_.aligned()); }
  // Of elements i to i + 7 of the result, i a multiple of 8.
  SLIMNET_BODY void LoadOctet(int64_t i, float* x) const {
    const int64_t first = broadcast_(i);
    if (!broadcast_.one()) return view_.LoadOctet(first, x);
    const float value = view_.Load(first);
    SLIMNET_UNROLL
    for (int k = 0; k < kOctet; ++k) x[k] = value;
  }

 private:
  FloatView view_;
  Broadcast broadcast_;
};

// max(x, 0) and min(max(x, 0), 6); NaN stays NaN because no comparison with it holds.
SLIMNET_BODY float Relu(float x) { return x < 0 ? 0 : x; }
SLIMNET_BODY float Relu6(float x) { return x > 6 ? 6 : Relu(x); }

// GCC takes the names for shadows of the ops' entries, which are outside of the enumeration.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
// In the order of PostOp::Kind (ir/program.h), which says what they do.
enum class TailKind : uint8_t { kBias, kScale, kAdd, kRelu, kRelu6, kResult, kReluBackward, kRelu6Backward };
#pragma GCC diagnostic pop

// One absorbed op. The operand has the shape of the result; for kResult it is where the first result goes.
struct TailOp {
  TailKind kind = TailKind::kRelu;
  Floats operand = {};
};

inline constexpr int kMostTailOps = 4;

// What is done to each element of a result before it is stored. An operand may lie where the result goes: it is read
// before.
class Tail {
 public:
  // Throws Error{kInternal} for more than kMostTailOps, and for those by channel.
  Tail(Queue& queue, std::span<const TailOp> ops);

  bool by_octets() const;  // whether ApplyOctet may be called

  SLIMNET_BODY float Apply(int64_t i, float x) const {
    for (int k = 0; k < count_; ++k) {
      const Step& step = steps_[k];
      if (step.kind == TailKind::kResult) {
        step.view.Store(i, x);
      } else {
        x = Applied(step.kind, x, Reads(step.kind) ? step.view.Load(i) : 0.0F);
      }
    }
    return x;
  }

  SLIMNET_BODY void ApplyOctet(int64_t i, float* x) const {
    for (int k = 0; k < count_; ++k) {
      const Step& step = steps_[k];
      if (step.kind == TailKind::kResult) {
        step.view.StoreOctet(i, x);
        continue;
      }
      float y[kOctet] = {};
      if (Reads(step.kind)) step.view.LoadOctet(i, y);
      SLIMNET_UNROLL
      for (int j = 0; j < kOctet; ++j) x[j] = Applied(step.kind, x[j], y[j]);
    }
  }

 private:
  struct Step {
    TailKind kind = TailKind::kRelu;
    FloatView view;
  };

  SLIMNET_BODY static bool Reads(TailKind kind) { return kind == TailKind::kAdd || kind >= TailKind::kReluBackward; }

  SLIMNET_BODY static float Applied(TailKind kind, float x, float y) {
    switch (kind) {
      case TailKind::kAdd:
        return x + y;
      case TailKind::kRelu:
        return Relu(x);
      case TailKind::kRelu6:
        return Relu6(x);
      case TailKind::kReluBackward:
        return y > 0 ? x : 0;
      default:
        return y > 0 && !(y >= 6) ? x : 0;
    }
  }

  int count_ = 0;
  Step steps_[kMostTailOps];
};

// The same where nothing is absorbed.
struct NoTail {
  bool by_octets() const { return true; }
  SLIMNET_BODY float Apply(int64_t, float x) const { return x; }
  SLIMNET_BODY void ApplyOctet(int64_t, float*) const {}
};

// Elements in eights, and what is left of them one by one: body.Octet(first element), body.One(element).
template <class Body>
struct ByOctets {
  Body body;
  int64_t octets;

  SLIMNET_BODY void operator()(int64_t i) const {
    if (i < octets) {
      body.Octet(i * kOctet);
    } else {
      body.One(octets * kOctet + i - octets);
    }
  }
};

// `octets`: whether the body may be called for eights at all.
template <class Body>
void EachOctet(Queue& queue, std::string_view name, int64_t count, bool octets, const Body& body) {
  const int64_t whole = octets ? count / kOctet : 0;
  Each(queue, name, whole + count - whole * kOctet, ByOctets<Body>{body, whole});
}

}  // namespace slimnet::cudnn
