#include "sync/base/library.h"

#include <dlfcn.h>
#include <string.h>

fault
library_load(void *to, const char *const names[], size_t n,
    const char *soname)
{
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL), *at = handle;

	for (size_t i = 0; i < n && at != NULL; i++) {
		at = dlsym(handle, names[i]);
		memcpy((char *)to + i * sizeof at, &at, sizeof at);
	}
	if (at != NULL)
		return NULL;
	return fault_new(FAULT_FAIL, "the library %s cannot be loaded (%.120s);"
	    " what was saved is safe; install it, as 'scripts/deps' does, and "
	    "run the command again", soname, dlerror());
}
