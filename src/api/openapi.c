#include "api/openapi.h"

/* The assembler puts the file here; LW_OPENAPI_FILE comes from the build. */
__asm__(".section .rodata\n"
        ".global lw_openapi_start\n"
        ".global lw_openapi_end\n"
        "lw_openapi_start:\n"
        ".incbin \"" LW_OPENAPI_FILE "\"\n"
        "lw_openapi_end:\n"
        ".previous\n");

extern const char lw_openapi_start[];
extern const char lw_openapi_end[];

lw_bytes openapi_document(void)
{
    return lw_bytes_of(lw_openapi_start, (size_t)(lw_openapi_end - lw_openapi_start));
}
