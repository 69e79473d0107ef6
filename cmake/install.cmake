# What a user of the libraries gets: the portable archives, include/lw, and a pkg-config file that
# names the archives highest floor first, as a linker wants them.
get_property(portable GLOBAL PROPERTY LW_PORTABLE_LIBRARIES)
install(TARGETS ${portable} ARCHIVE DESTINATION lib)
install(DIRECTORY include/lw DESTINATION include)

list(REVERSE portable)
list(TRANSFORM portable PREPEND "-l")
list(JOIN portable " " LW_PKG_LIBS)
configure_file(cmake/lapwing.pc.in lapwing.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/lapwing.pc DESTINATION lib/pkgconfig)
