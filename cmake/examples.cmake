# examples/NAME.c is a program of its own on the POSIX port: build/<preset>/examples/NAME. DECLARE: its
# objects stand in NAME.xml, of which tools/gen_objects first makes app_objects.c and app_declare.h,
# with the options that follow, as an application's build would.
function(lw_example name)
  if(LW_MCU OR LW_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "DECLARE" ${ARGN})
  add_executable(example.${name} ${CMAKE_SOURCE_DIR}/examples/${name}.c)
  target_link_libraries(example.${name} PRIVATE lw_port_posix lw_client lw_warnings)
  set_target_properties(example.${name} PROPERTIES OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/examples)
  if(ARG_DECLARE)
    set(tool ${CMAKE_SOURCE_DIR}/tools/gen_objects)
    set(xml ${CMAKE_SOURCE_DIR}/examples/${name}.xml)
    set(out ${CMAKE_BINARY_DIR}/examples/${name}.gen)
    add_custom_command(
      OUTPUT ${out}/app_objects.c ${out}/app_declare.h
      COMMAND ${tool} --quiet --out ${out} --declare ${ARG_DECLARE} ${xml}
      COMMAND ${CMAKE_COMMAND} -E touch ${out}/app_objects.c ${out}/app_declare.h
      DEPENDS ${tool} ${xml})
    target_sources(example.${name} PRIVATE ${out}/app_objects.c ${out}/app_declare.h)
    target_include_directories(example.${name} PRIVATE ${out})
  endif()
endfunction()

lw_example(sensor)
lw_example(pump DECLARE --computed 32770/2)
if(TARGET example.pump)
  add_test(NAME example.pump
    COMMAND ${CMAKE_SOURCE_DIR}/tests/tools/pump_test.py $<TARGET_FILE:example.pump>)
endif()
