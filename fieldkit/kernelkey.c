#include "fieldkit/kernelkey.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <sodium.h>

#include "sync/base/codec.h"
#include "sync/base/secret.h"

#define PAYLOAD (MASTER_LEN + 8)	/* key | deadline, ms, little-endian */
#define TYPE "user"

/* --- the kernel's calls ------------------------------------------------ */

/* A key in the user's keyring can be changed and read only by who possesses
 * it, and it is possessed through the process's own keyring. */
static bool
possess(void)
{
	return syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING,
	    KEY_SPEC_PROCESS_KEYRING, 0, 0) == 0;
}

static long
find(const char *name)
{
	return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, TYPE,
	    name, 0);
}

static long
add(const char *name, const uint8_t payload[PAYLOAD])
{
	return syscall(SYS_add_key, TYPE, name, payload, (size_t)PAYLOAD,
	    KEY_SPEC_USER_KEYRING);
}

static bool
expire(long key, unsigned seconds)
{
	return syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, seconds, 0, 0) ==
	    0;
}

static bool
read_back(uint8_t payload[PAYLOAD], long key)
{
	return syscall(SYS_keyctl, KEYCTL_READ, key, payload,
	    (size_t)PAYLOAD, 0) == PAYLOAD;
}

/* Revoked first: its payload is then gone at once, whoever else links it. */
static void
drop(long key)
{
	syscall(SYS_keyctl, KEYCTL_REVOKE, key, 0, 0, 0);
	syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING, 0, 0);
}

/* --- payload ----------------------------------------------------------- */

/* Goes on while the machine sleeps, and no one can set it back. */
static uint64_t
boot_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t
deadline_of(const uint8_t payload[PAYLOAD])
{
	struct reader r = reader_of((struct bytes){ payload + MASTER_LEN, 8 });

	return get_u64(&r);
}

static void
fill(uint8_t payload[PAYLOAD], const uint8_t master[MASTER_LEN],
    uint64_t deadline)
{
	memcpy(payload, master, MASTER_LEN);
	for (int i = 0; i < 8; i++)
		payload[MASTER_LEN + i] = (uint8_t)(deadline >> (8 * i));
}

/* Every user of the machine can list descriptions: a hash says nothing. */
static void
name_of(char to[HASH_HEX], const char *home)
{
	char *real = realpath(home, NULL);
	struct hash h = hash_of(bytes_of(real != NULL ? real : home));

	hash_hex(to, &h);
	free(real);
}

/* --- public ------------------------------------------------------------ */

/* Without a timeout the key would stay for ever: so it is checked, and a key
 * that cannot have one is not left behind. */
fault
kernelkey_put(const char *home, const uint8_t master[MASTER_LEN],
    unsigned seconds)
{
	uint8_t *payload = secret_new(PAYLOAD), *back = secret_new(PAYLOAD);
	char name[HASH_HEX];
	long key = -1;
	bool kept;

	name_of(name, home);
	fill(payload, master, boot_ms() + (uint64_t)seconds * 1000);
	if (seconds > 0 && possess())
		key = add(name, payload);
	kept = key > 0 && expire(key, seconds) && find(name) == key &&
	    read_back(back, key) && sodium_memcmp(back, payload, PAYLOAD) == 0;
	if (!kept && key > 0)
		drop(key);
	secret_free(payload, PAYLOAD);
	secret_free(back, PAYLOAD);
	return kept ? NULL : fault_new(FAULT_LOCKED, "this machine cannot hold "
	    "a key between commands; nothing was kept; every command will ask "
	    "for the passphrase");
}

fault
kernelkey_get(uint8_t **master, const char *home)
{
	uint8_t *payload = secret_new(PAYLOAD);
	char name[HASH_HEX];
	long key = -1;
	fault f = NULL;

	name_of(name, home);
	if (possess())
		key = find(name);
	if (key <= 0 || !read_back(payload, key)) {
		f = fault_new(FAULT_ABSENT, "the kernel holds no key for this "
		    "project");
		goto done;
	}
	if (deadline_of(payload) <= boot_ms()) {
		drop(key);
		f = fault_new(FAULT_ABSENT, "the key that the kernel held for "
		    "this project has expired");
		goto done;
	}
	*master = secret_copy(payload, MASTER_LEN);
done:
	secret_free(payload, PAYLOAD);
	return f;
}

void
kernelkey_drop(const char *home)
{
	char name[HASH_HEX];
	long key;

	name_of(name, home);
	if (possess() && (key = find(name)) > 0)
		drop(key);
}
