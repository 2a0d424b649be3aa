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
%19, %20, %21 = assign_debiased_moving_average(%7, %17, %18, %15) {decay=0.9} @"assign_1" : float32[4], float32[4], float32[]
%22 = dropout(%13) {keep_prob=0.5, seed=4294967295} @"dropout" : float32[2,2,2,4]
%23 = relu6(%22) {} @"relu6" : float32[2,2,2,4]
%24 = reduce_mean(%23) {axes=[1,2], keep_dims=true} @"pool5" : float32[2,1,1,4]
%25 = squeeze(%24) {axes=[1,2]} @"squeeze" : float32[2,4]
%26 = variable() {name="m"} @"m/read" : float32[4,5]
%27 = matmul(%25, %26) {} @"matmul" : float32[2,5]
%28 = constant() {values=[1e-7,-0.5,123456789012,inf,-0]} @"constant" : float32[5]
%29 = bias_add(%27, %28) {} @"bias_add" : float32[2,5]
%30 = softmax(%29) {} @"softmax" : float32[2,5]
%31, %32 = top_k(%30) {k=3} @"top_k" : float32[2,3], int32[2,3]
%33 = argmax(%30) {axis=-1} @"argmax" : int32[2]
%34 = constant() {values=[nan]} @"fill \"q\" \\ \u0009 é" : float32[2,5]
%35 = sub(%30, %34) {} @"sub" : float32[2,5]
%36 = mul(%35, %35) {} @"mul" : float32[2,5]
%37 = abs(%36) {} @"abs" : float32[2,5]
%38 = rsqrt(%37) {} @"rsqrt" : float32[2,5]
%39 = l2_loss(%38) {} @"l2_loss" : float32[]
%40 = reduce_sum(%38) {axes=[], keep_dims=false} @"sum" : float32[]
%41 = cast(%38) {dtype=uint8} @"cast" : uint8[2,5]
%42 = reshape(%41) {shape=[5,2]} @"reshape" : uint8[5,2]
%43 = constant() {values=[]} @"empty" : int64[0]
%44 = transpose(%38) {perm=[1,0]} @"transpose" : float32[5,2]
%45 = sigmoid(%44) {} @"sigmoid" : float32[5,2]
%46 = elu(%45) {} @"elu" : float32[5,2]
%47 = scale_gradient(%46) {factor=0.1} @"scale_gradient" : float32[5,2]
%48 = one_hot(%33) {depth=5, on_value=1, off_value=0} @"one_hot" : float32[2,5]
%49 = input() {name="condition"} @"condition" : bool[]
%50 = select(%49, %47, %44) {} @"select" : float32[5,2]
%51 = div(%50, %44) {} @"div" : float32[5,2]
%52 = div_no_nan(%51, %44) {} @"div_no_nan" : float32[5,2]
%53 = exp(%52) {} @"exp" : float32[5,2]
%54 = log(%53) {} @"log" : float32[5,2]
%55 = log1p(%54) {} @"log1p" : float32[5,2]
%56 = log_softmax(%55) {} @"log_softmax" : float32[5,2]
%57 = equal(%56, %55) {} @"equal" : bool[5,2]
%58 = not_equal(%57, %49) {} @"not_equal" : bool[5,2]
%59 = size() {x_shape=[5,2]} @"size" : int64[]
%60 = pick(%38, %33) {} @"pick" : float32[2]
%61 = in_top_k(%38, %33) {k=2} @"in_top_k" : bool[2]
%62 = confusion_matrix(%33, %33, %60) {num_classes=5} @"confusion" : float32[5,5]
%63 = variable() {name="total"} @"total/read" : float32[5,5]
%64 = assign_add(%63, %62) {} @"assign_2" : float32[5,5]
output "logits" %29
output "again" %29
output "indices" %32
output "class" %33
output "loss" %39
output "sum" %40
output "bytes" %42
output "empty" %43
output "values" %31
output "hot" %48
output "selected" %50
output "size" %59
output "top" %61
update %16
update %19
update %64
)";

}  // namespace slimnet::testing
