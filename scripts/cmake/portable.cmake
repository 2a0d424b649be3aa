# The addon as it is published, for other systems than this one (scripts/release.mjs).
option(SLIMNET_MUSL "The addon is for musl" OFF)
if(SLIMNET_MUSL)
  target_sources(slimnet PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/portable_musl.cc")
  target_link_options(slimnet PRIVATE -Wl,--wrap=pthread_create)
endif()

set(SLIMNET_PORTABLE_LINKER "" CACHE FILEPATH "A linker for the C library of the published addon (scripts/release.mjs)")

# The objects of this build, linked by a program (scripts/lib/zig.mjs) that knows what older versions of the C library have, with the C++
# library inside. Not part of `all`.
if(SLIMNET_PORTABLE_LINKER)
  foreach(library stdc++ gcc)
    execute_process(
      COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=lib${library}.a
      OUTPUT_VARIABLE file OUTPUT_STRIP_TRAILING_WHITESPACE)
    list(APPEND compiler_libraries "${file}")
  endforeach()
  set(portable_compat "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/portable_glibc.cc")
  # The unwinder is the linker's own (LLVM's): GCC's is made for the C library of this machine.
  set(portable_libraries ${compiler_libraries} -lunwind -lpthread -ldl -lm)
  set(portable_options -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,nodelete -Wl,-s)

  # slimnet_portable_link(file WHAT ... DEPENDS target...): links objects, libraries and options into a file beside others.
  function(slimnet_portable_link file)
    cmake_parse_arguments(PARSE_ARGV 1 link "" "" "WHAT;DEPENDS")
    add_custom_command(
      OUTPUT "${output_dir}/portable/${file}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${output_dir}/portable"
      COMMAND "${SLIMNET_PORTABLE_LINKER}" -shared -O2 -fPIC -o "${output_dir}/portable/${file}" "${portable_compat}"
              ${link_WHAT} ${portable_libraries} ${portable_options}
      DEPENDS ${link_DEPENDS} "${portable_compat}" "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/exports.map"
              "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/exports_device.map"
      COMMAND_EXPAND_LISTS VERBATIM)
  endfunction()

  set(portable_addon "${output_dir}/portable/slimnet.node")
  slimnet_portable_link(slimnet.node
    WHAT $<TARGET_OBJECTS:slimnet_addon> $<TARGET_OBJECTS:slimnet_backends> $<TARGET_FILE:slimnet_core> "${onednn_file}"
         "-Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/exports.map"
    DEPENDS slimnet_addon slimnet_backends slimnet_core $<TARGET_OBJECTS:slimnet_addon> $<TARGET_OBJECTS:slimnet_backends>)
  add_custom_target(slimnet_portable DEPENDS "${portable_addon}")
  if(slimnet_cuda)
    set(cudnn_objects $<TARGET_OBJECTS:slimnet_cudnn> $<TARGET_OBJECTS:slimnet_cudnn_objects> $<TARGET_OBJECTS:slimnet_cuda_kernels>)
    slimnet_portable_link(slimnet_cudnn.so
      WHAT ${cudnn_objects} $<TARGET_FILE:slimnet_core> "${onednn_file}" "${SLIMNET_CUDART}" -lrt
           "-Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/exports_device.map"
      DEPENDS slimnet_cudnn slimnet_core ${cudnn_objects})
    add_custom_target(slimnet_portable_cudnn DEPENDS "${output_dir}/portable/slimnet_cudnn.so")
  endif()
endif()
