# What a user gets: the portable archives and the port of this host, include/lw, a pkg-config file
# that names the archives highest floor first, as a linker wants them; the programs and their pages.
get_property(portable GLOBAL PROPERTY LW_PORTABLE_LIBRARIES)
install(TARGETS ${portable} ARCHIVE DESTINATION lib)
install(DIRECTORY include/lw DESTINATION include)

if(TARGET lapwing-device)
  install(TARGETS lw_port_posix ARCHIVE DESTINATION lib)
  install(TARGETS lapwing lapwingd lapwing-device RUNTIME DESTINATION bin)
  install(FILES man/lapwing.1 man/lapwing-device.1 DESTINATION share/man/man1)
  install(FILES man/lapwingd.yaml.5 DESTINATION share/man/man5)
  install(FILES man/lapwingd.8 DESTINATION share/man/man8)
  foreach(program lapwing lapwingd lapwing-device)
    install(FILES completions/${program}.bash DESTINATION share/bash-completion/completions
      RENAME ${program})
  endforeach()
  install(FILES completions/_lapwing completions/_lapwing-device
    DESTINATION share/zsh/site-functions)
  # The unit names the prefix, which is known when it is installed; its configuration lies below /etc.
  install(CODE "configure_file(${CMAKE_SOURCE_DIR}/etc/lapwingd.service.in
    ${CMAKE_BINARY_DIR}/lapwingd.service @ONLY)")
  install(FILES ${CMAKE_BINARY_DIR}/lapwingd.service DESTINATION lib/systemd/system)
  install(FILES etc/lapwingd.yaml DESTINATION share/doc/lapwing)
  list(APPEND portable lw_port_posix)
endif()

list(REVERSE portable)
list(TRANSFORM portable PREPEND "-l")
list(JOIN portable " " LW_PKG_LIBS)
configure_file(cmake/lapwing.pc.in lapwing.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/lapwing.pc DESTINATION lib/pkgconfig)

# What the link-time optimisation of this compiler left in the archives is of no use to another one,
# and this one would optimise, and warn, in the middle of somebody else's link.
if(LW_LTO)
  install(CODE "file(GLOB archives \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/liblw_*.a)
    foreach(archive IN LISTS archives)
      execute_process(COMMAND ${CMAKE_OBJCOPY} --wildcard --remove-section=.gnu.lto_*
        --remove-section=.gnu.debuglto_* --strip-symbol=__gnu_lto_* \${archive}
        COMMAND_ERROR_IS_FATAL ANY)
    endforeach()")
endif()
