// Plan texts for tests.
#pragma once

#include <string>

namespace slimnet::testing {

// A program with every op that a plan from outside may hold, and every kind of attribute.
inline const std::string kAllOps = R"(slimnet.plan 1
%0 = input() {name="images"} @"images" : float32[2,8,8,3]
%1 = variable() {name="w"} @"scope/w/read" : float32[3,3,3,4]
%2 = pad(%0) {pads=[0,0,1,1,1,1,0,0]} @"pad" : float32[2,10,10,3]
%3 = conv2d(%2, %1) {strides=[2,2], dilations=[1,1], pads=[0,0,0,0]} @"conv" : float32[2,4,4,4]
%4 = variable() {name="gamma"} @"gamma/read" : float32[4]
%5 = variable() {name="beta"} @"beta/read" : float32[4]
%6 = variable() {name="mean"} @"mean/read" : float32[4]
%7 = variable() {name="variance"} @"variance/read" : float32[4]
%8 = batch_norm(%3, %4, %5, %6, %7) {epsilon=0.00001} @"bn" : float32[2,4,4,4]
%9 = relu(%8) {} @"relu" : float32[2,4,4,4]
%10 = max_pool2d(%9) {ksize=[3,3], strides=[2,2], pads=[0,1,0,1]} @"max" : float32[2,2,2,4]
%11 = avg_pool2d(%9) {ksize=[2,2], strides=[2,2], pads=[0,0,0,0]} @"avg" : float32[2,2,2,4]
%12 = add(%10, %11) {} @"add" : float32[2,2,2,4]
%13, %14, %15 = batch_norm_training(%12, %4, %5) {epsilon=0.001, bessel=true} @"bn_1" : float32[2,2,2,4], float32[4], float32[4]
%16 = assign_moving_average(%6, %14) {decay=0.997} @"assign" : float32[4]
%17 = variable() {name="biased"} @"biased/read" : float32[4]
%18 = variable() {name="step"} @"step/read" : float32[]
%19 = assign_debiased_moving_average(%7, %17, %18, %15) {decay=0.9} @"assign_1" : float32[4]
%20 = dropout(%13) {keep_prob=0.5, seed=4294967295} @"dropout" : float32[2,2,2,4]
%21 = relu6(%20) {} @"relu6" : float32[2,2,2,4]
%22 = reduce_mean(%21) {axes=[1,2], keep_dims=true} @"pool5" : float32[2,1,1,4]
%23 = squeeze(%22) {axes=[1,2]} @"squeeze" : float32[2,4]
%24 = variable() {name="m"} @"m/read" : float32[4,5]
%25 = matmul(%23, %24) {} @"matmul" : float32[2,5]
%26 = constant() {values=[1e-7,-0.5,123456789012,inf,-0]} @"constant" : float32[5]
%27 = bias_add(%25, %26) {} @"bias_add" : float32[2,5]
%28 = softmax(%27) {} @"softmax" : float32[2,5]
%29, %30 = top_k(%28) {k=3} @"top_k" : float32[2,3], int32[2,3]
%31 = argmax(%28) {axis=-1} @"argmax" : int32[2]
%32 = constant() {values=[nan]} @"fill \"q\" \\ \u0009 é" : float32[2,5]
%33 = sub(%28, %32) {} @"sub" : float32[2,5]
%34 = mul(%33, %33) {} @"mul" : float32[2,5]
%35 = abs(%34) {} @"abs" : float32[2,5]
%36 = rsqrt(%35) {} @"rsqrt" : float32[2,5]
%37 = l2_loss(%36) {} @"l2_loss" : float32[]
%38 = reduce_sum(%36) {axes=[], keep_dims=false} @"sum" : float32[]
%39 = cast(%36) {dtype=uint8} @"cast" : uint8[2,5]
%40 = reshape(%39) {shape=[5,2]} @"reshape" : uint8[5,2]
%41 = constant() {values=[]} @"empty" : int64[0]
%42 = transpose(%36) {perm=[1,0]} @"transpose" : float32[5,2]
%43 = sigmoid(%42) {} @"sigmoid" : float32[5,2]
%44 = elu(%43) {} @"elu" : float32[5,2]
%45 = scale_gradient(%44) {factor=0.1} @"scale_gradient" : float32[5,2]
%46 = one_hot(%31) {depth=5, on_value=1, off_value=0} @"one_hot" : float32[2,5]
%47 = input() {name="condition"} @"condition" : bool[]
%48 = select(%47, %45, %42) {} @"select" : float32[5,2]
%49 = div(%48, %42) {} @"div" : float32[5,2]
%50 = div_no_nan(%49, %42) {} @"div_no_nan" : float32[5,2]
%51 = exp(%50) {} @"exp" : float32[5,2]
%52 = log(%51) {} @"log" : float32[5,2]
%53 = log1p(%52) {} @"log1p" : float32[5,2]
%54 = log_softmax(%53) {} @"log_softmax" : float32[5,2]
%55 = equal(%54, %53) {} @"equal" : bool[5,2]
%56 = not_equal(%55, %47) {} @"not_equal" : bool[5,2]
%57 = size(%56) {} @"size" : int64[]
%58 = pick(%36, %31) {} @"pick" : float32[2]
%59 = in_top_k(%36, %31) {k=2} @"in_top_k" : bool[2]
%60 = confusion_matrix(%31, %31, %58) {num_classes=5} @"confusion" : float32[5,5]
%61 = variable() {name="total"} @"total/read" : float32[5,5]
%62 = assign_add(%61, %60) {} @"assign_2" : float32[5,5]
output "logits" %27
output "again" %27
output "indices" %30
output "class" %31
output "loss" %37
output "sum" %38
output "bytes" %40
output "empty" %41
output "values" %29
output "hot" %46
output "selected" %48
output "size" %57
output "top" %59
update %16
update %19
update %62
)";

}  // namespace slimnet::testing
