// What oneDNN's own primitives allow for one training step of slim resnet_v1_50: forward, backward by data and backward
// by weights of every convolution, back to back; batch norm, pooling and updates come on top.
//   onednn_limit_train BATCH f32|bf16 ITERATIONS SIDE          THREADS=n in the environment (2 if left out)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>

#include "layers.h"
#include "pool.h"
using namespace dnnl;
using dt = memory::data_type;
using tag = memory::format_tag;

int main(int argc, char** argv) {
  if (argc < 5) return std::fprintf(stderr, "usage: onednn_limit_train BATCH f32|bf16 ITERATIONS SIDE\n"), 2;
  const int batch = std::atoi(argv[1]), iterations = std::atoi(argv[3]), side = std::atoi(argv[4]);
  const bool bf16 = std::string(argv[2]) == "bf16";
  const dt data = bf16 ? dt::bf16 : dt::f32;
  Pool pool(std::getenv("THREADS") ? std::atoi(std::getenv("THREADS")) : 2);
  engine cpu(engine::kind::cpu, 0);
  stream queue = MakeStream(cpu, pool);
  struct Step { primitive run; std::unordered_map<int, memory> args; };
  std::vector<Step> forward, backward_data, backward_weights;
  const auto filled = [&](const memory::desc& desc) {
    memory m(desc, cpu);
    std::memset(m.get_data_handle(), 0x3c, desc.get_size());
    return m;
  };
  for (const Layer& l : Resnet50Layers()) {
    const int size = (l.size * side + 223) / 224, pad = (l.kernel - 1) / 2;
    const int out = (size + 2 * pad - l.kernel) / l.stride + 1;
    const memory::desc src({batch, l.ic, size, size}, data, tag::nhwc), dst({batch, l.oc, out, out}, data, tag::nhwc);
    const memory::desc weights({l.oc, l.ic, l.kernel, l.kernel}, data, tag::any), diff_weights({l.oc, l.ic, l.kernel, l.kernel}, dt::f32, tag::any);
    const memory::dims strides{l.stride, l.stride}, pads{pad, pad};
    primitive_attr attr;
    attr.set_scratchpad_mode(scratchpad_mode::user);
    convolution_forward::primitive_desc f(cpu, prop_kind::forward_training, algorithm::convolution_direct, src, weights, dst, strides, pads, pads, attr);
    const memory source = filled(src), result = filled(dst);
    forward.push_back({convolution_forward(f), {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, filled(f.weights_desc())}, {DNNL_ARG_DST, result}, {DNNL_ARG_SCRATCHPAD, filled(f.scratchpad_desc())}}});
    if (l.ic != 3) {
      convolution_backward_data::primitive_desc b(cpu, algorithm::convolution_direct, src, weights, dst, strides, pads, pads, f, attr);
      backward_data.push_back({convolution_backward_data(b), {{DNNL_ARG_DIFF_SRC, source}, {DNNL_ARG_WEIGHTS, filled(b.weights_desc())}, {DNNL_ARG_DIFF_DST, result}, {DNNL_ARG_SCRATCHPAD, filled(b.scratchpad_desc())}}});
    }
    convolution_backward_weights::primitive_desc w(cpu, algorithm::convolution_direct, src, diff_weights, dst, strides, pads, pads, f, attr);
    backward_weights.push_back({convolution_backward_weights(w), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DIFF_WEIGHTS, filled(w.diff_weights_desc())}, {DNNL_ARG_DIFF_DST, result}, {DNNL_ARG_SCRATCHPAD, filled(w.scratchpad_desc())}}});
  }
  const auto now = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
  const auto run = [&](std::vector<Step>& steps) {
    const double start = now();
    for (Step& step : steps) step.run.execute(queue, step.args);
    queue.wait();
    return (now() - start) * 1e3;
  };
  std::vector<double> f, d, w, sum;
  for (int i = -1; i < iterations; ++i) {
    const double a = run(forward), b = run(backward_data), c = run(backward_weights);
    if (i >= 0) f.push_back(a), d.push_back(b), w.push_back(c), sum.push_back(a + b + c);
  }
  const auto median = [](std::vector<double> v) { std::sort(v.begin(), v.end()); return v[v.size() / 2]; };
  std::printf("%s batch %d: forward %.1f, backward by data %.1f, backward by weights %.1f ms; convolutions alone %.1f images/s\n",
      argv[2], batch, median(f), median(d), median(w), batch / median(sum) * 1e3);
}
