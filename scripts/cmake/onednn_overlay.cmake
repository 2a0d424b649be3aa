# Included by oneDNN's own project() call (CMAKE_PROJECT_INCLUDE): makes its build quicker without touching its files.
#
# - Most of oneDNN is code that writes code, or chooses which: it runs when a primitive is created, and what it writes does
#   not depend on how it was compiled. -O1 takes a third off its compile time. What has loops of its own keeps -O2.
# - Files of one folder are compiled eight at a time, so that their headers are read and the assembler's inline functions
#   are compiled once for all of them. Files whose names clash with those of others are compiled apart.
# - Every file of src/cpu/x64 includes the same 60,000 lines (the assembler, mostly): they are compiled once.
# - Lists of kernels for primitives that slimnet never creates are empty (onednn_absent.cpp).
function(slimnet_quicken)
  set(cpu "${PROJECT_SOURCE_DIR}/src/cpu")
  set(x64 "${cpu}/x64")

  target_sources(dnnl_cpu PRIVATE "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/onednn_absent.cpp")

  foreach(target dnnl_common dnnl_cpu dnnl_cpu_x64)
    target_compile_options(${target} PRIVATE -O1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8
      # Macros that one file defines must not mean something in the next.
      UNITY_BUILD_CODE_AFTER_INCLUDE "#undef GET_OFF\n#undef wht_blk_off")
  endforeach()

  file(GLOB loops "${cpu}/gemm/*.cpp" "${cpu}/gemm/*/*.cpp" "${cpu}/reorder/cpu_reorder_*.cpp"
    "${cpu}/bfloat16.cpp" "${cpu}/gemm_convolution_utils.cpp" "${cpu}/nhwc_pooling.cpp")
  set_source_files_properties(${loops} DIRECTORY "${cpu}" PROPERTIES COMPILE_OPTIONS -O2)

  file(GLOB apart "${cpu}/cpu_*_list.cpp" "${cpu}/gemm_*.cpp" "${cpu}/*_pooling.cpp")
  set_source_files_properties(${apart} DIRECTORY "${cpu}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  file(GLOB apart "${x64}/jit_*_conv_kernel.cpp" "${x64}/jit_*_conv_kernel_f32.cpp" "${x64}/jit_uni_pool_kernel.cpp"
    "${x64}/matmul/brgemm_matmul_reorders.cpp")
  set_source_files_properties(${apart} DIRECTORY "${x64}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

  target_precompile_headers(dnnl_cpu_x64 PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/common/dnnl_thread.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/common/memory_tracking.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/common/primitive.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${cpu}/cpu_convolution_pd.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${cpu}/cpu_primitive.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${x64}/injectors/jit_uni_postops_injector.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${x64}/jit_generator.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${x64}/jit_primitive_conf.hpp>")
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
  cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL slimnet_quicken)
endif()
