// One node and the values around it as text, with what the compiler added: how a node reaches a library that computes
// it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "ir/program.h"

namespace slimnet {

// The nodes of a program, without what stands above, between and behind them in a plan.
std::string PrintNodes(const Program& program);

// A plan of an `input` for each value that the node reads, and the node behind them. Post-ops, layouts and encodings
// stand where Print() puts them.
std::string PrintNode(const Program& program, const Node& node);

// The layout of a name; null where there is none of it.
using LayoutNamed = std::function<LayoutPtr(const std::string& name)>;

// What PrintNode writes. The node is the last one of the program. Throws Error{kPlan}.
Program ParseNode(std::string_view text, const LayoutNamed& layout_named);

}  // namespace slimnet
