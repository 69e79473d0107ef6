/* What every fuzz target shares. A target lives in fuzz_<name>.c, its seeds in corpus/<name>/, and
 * it checks more than "does not crash": what was decoded is encoded, and decodes to the same.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant of the code under test; its failure is a finding like any crash. */
#define FUZZ_CHECK(cond) ((cond) ? (void)0 : __builtin_trap())

#endif
