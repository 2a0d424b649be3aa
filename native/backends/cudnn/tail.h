// Post-ops behind a product, as steps of its graph.
#pragma once

#include <span>
#include <vector>

#include "backends/cudnn/device.h"
#include "backends/cudnn/graph/graph.h"
#include "backends/cudnn/packed_filter.h"
#include "backends/cudnn/plan_step.h"

namespace slimnet::cudnn {

// Sums, biases and masks in any number, in low precision a second result made of the first, and one activation as the
// last of all.
Verdict FusesTail(const OpContext& context, std::span<const PostOp> before, const PostOp& next);

// In low precision: whether cuDNN multiplies numbers of this type.
Verdict SupportsFactor(DType type);

// The layout in which the node wants the operand of a post-op; null: plain.
LayoutPtr TailOperandLayout(const OpContext& context, size_t post_op);

// What the sums of products stand for: where integers are multiplied, times the steps of both factors.
Tensor ProductsOf(Graph& graph, const OpContext& context, const PackedFilter& filter, Tensor sums,
                  std::vector<PlacedTensor>& placed);

// Adds the node's post-ops behind `y`, an image or a matrix, and stores the results as the node's values
// are: integers as the nearest number of steps. The tensors that come from outside, and the results, are put into
// `placed`.
//
// Terms that stand side by side are added with those that have an element for each of the result first: of the two
// orders that is the one for which cuDNN has its best engines.
void AddTail(Graph& graph, const OpContext& context, Tensor y, std::vector<PlacedTensor>& placed);

}  // namespace slimnet::cudnn
