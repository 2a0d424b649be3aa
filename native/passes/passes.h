// The passes. Each is in the file of its name, deterministic, and leaves a program that Verify accepts.
#pragma once

#include "backend/backend.h"
#include "ir/program.h"

namespace slimnet {

// Removes what changes nothing (reshape to the same shape, dropout that keeps all, pooling over one pixel, ...), reads
// each variable once, merges and cancels transposes, takes pads into the convolution that reads them, and drops dead
// nodes.
void Canonicalize(Program& program, const Backend& backend);

// Multiplies an inference batch norm into the filter and bias of the conv2d or matmul before it.
void FoldBatchNorm(Program& program, const Backend& backend);

// Lets the way back from a batch norm in training see for itself what the rectifier behind the norm cut off.
void FuseNormBackward(Program& program, const Backend& backend);

// Lets casts absorb the sums and products with a number for each channel that follow, as far as the backend can.
void FuseScaling(Program& program, const Backend& backend);

// Lets compute nodes absorb the bias_add, add, relu, relu6 and relu_backward that follow, as far as the backend can.
void FusePostOps(Program& program, const Backend& backend);

// Stores results in bfloat16 or in integers where the plan asks for it and the backend can. Throws
// Error{kBackend} when it cannot at all, Error{kCompile} when int8 lacks ranges.
void AssignPrecision(Program& program, const Backend& backend);

// Lets a convolution write, as a second result, what a batch norm makes of its result, which others read as well.
void FuseNorm(Program& program, const Backend& backend);

// Has the first nodes of the main part run repeatedly, each time on a few images of the batch, where that keeps what
// they hand on in the second-level caches; as the plan says where it has a line `split`.
void SplitBatch(Program& program, const Backend& backend);

// Reorders inputs made of variables and constants alone into the layouts that the backend prefers, and has nodes write
// what one other reads in the layout that this one prefers, where they can.
void AssignLayout(Program& program, const Backend& backend);

// Marks what depends on variables and constants alone as prologue and moves it to the front.
void HoistConstants(Program& program, const Backend& backend);

// Lets each op that changes a variable begin with what the one before it made of the variable.
void ChainUpdates(Program& program, const Backend& backend);

// Copies values of variables that are asked for after the program has changed them in place.
void KeepOldValues(Program& program, const Backend& backend);

// Moves new values of variables to where all is there that they are made of, or, where they are written in place,
// behind all that reads the old ones; and producers towards their readers where that saves memory.
void Schedule(Program& program, const Backend& backend);

// Places all values, as if no kernel needed scratch: the compiler plans again when the kernels have said what they
// need.
void PlanValues(Program& program, const Backend& backend);

}  // namespace slimnet
