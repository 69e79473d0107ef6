# Mbed TLS 3.6 with our patch and configuration, as `make deps` (tools/setup tls) builds it: the
# imported target lw_mbedtls, and a test that what was built works. Absent until it is built.
set(LW_MBEDTLS_PREFIX ${CMAKE_SOURCE_DIR}/build/deps/mbedtls CACHE PATH "Where Mbed TLS 3.6 is")
if(LW_MCU OR NOT EXISTS ${LW_MBEDTLS_PREFIX}/lib/libmbedtls.a)
  return()
endif()

add_library(lw_mbedtls INTERFACE)
target_include_directories(lw_mbedtls SYSTEM INTERFACE ${LW_MBEDTLS_PREFIX}/include)
target_link_libraries(lw_mbedtls INTERFACE
  ${LW_MBEDTLS_PREFIX}/lib/libmbedtls.a
  ${LW_MBEDTLS_PREFIX}/lib/libmbedx509.a
  ${LW_MBEDTLS_PREFIX}/lib/libmbedcrypto.a
  crypto)

if(LW_TESTS)
  add_executable(test.deps.mbedtls deps/mbedtls/smoke_test.c)
  target_link_libraries(test.deps.mbedtls PRIVATE lw_mbedtls cmocka lw_warnings lw_options)
  add_test(NAME deps.mbedtls COMMAND test.deps.mbedtls)
  set_tests_properties(deps.mbedtls PROPERTIES TIMEOUT 60 LABELS deps)
endif()
