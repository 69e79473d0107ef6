/* The configuration file of lapwingd: whatever stands in it, it is read or refused with a sentence.
 */
#include <string.h>

#include "app/lapwingd/config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *no_environment[] = {NULL};
    char why[CONFIG_WHY_MAX] = "";
    config c;
    FUZZ_CHECK(config_load(&c, NULL, no_environment, why));
    bool read = config_read_yaml(&c, lw_bytes_of(data, size), "FILE", why);
    FUZZ_CHECK(read || strncmp(why, "FILE", 4) == 0);
    FUZZ_CHECK(c.listen_count <= CONFIG_LISTEN_MAX);
    if (read) {
        (void)config_check(&c, why);
    }
    return 0;
}
