# Run after the addon is linked: a shared module may leave symbols open for Node to supply, so the linker would also accept
# a function of ours (or of oneDNN) that nobody wrote. Takes NM and FILE.
execute_process(COMMAND "${NM}" -D --undefined-only "${FILE}" OUTPUT_VARIABLE symbols RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${NM} could not read ${FILE}")
endif()
string(REGEX MATCHALL "[^ \n]*(N7slimnet|N4dnnl|dnnl_)[^ \n]*" missing "${symbols}")
if(missing)
  file(REMOVE "${FILE}")
  list(JOIN missing "\n  " text)
  message(FATAL_ERROR "These functions are used but defined nowhere:\n  ${text}")
endif()
