#include "fieldkit/kernelkey.h"
#include "tests/unit/test.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/keyctl.h>

static char home[] = "/tmp/kit-kernelkey-XXXXXX";
static const uint8_t key[MASTER_LEN] = "a master key of 32 bytes, twice";

/* A machine that cannot hold a key skips, and says so. */
static void
put_or_skip(unsigned seconds)
{
	fault f = kernelkey_put(home, key, seconds);
	uint8_t *got = NULL;

	if (f == NULL)
		return;
	assert_int_equal(f->code, FAULT_LOCKED);
	assert_fault(FAULT_ABSENT, kernelkey_get(&got, home));
	print_message("# no kernel keyring here: skipped\n");
	skip();
}

static void
description(char to[HASH_HEX], const char *path)
{
	char *real = realpath(path, NULL);
	struct hash h = hash_of(bytes_of(real));

	hash_hex(to, &h);
	free(real);
}

static long
key_number(void)
{
	char name[HASH_HEX];

	description(name, home);
	return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING,
	    "user", name, 0);
}

TEST(a_key_is_given_back)
{
	uint8_t *got = NULL;

	put_or_skip(60);
	assert_ok(kernelkey_get(&got, home));
	assert_memory_equal(got, key, MASTER_LEN);
	secret_free(got, MASTER_LEN);
	kernelkey_drop(home);
}

/* Another process has another process keyring, and the same user's. */
TEST(another_process_of_this_user_gets_it)
{
	uint8_t *got = NULL;
	int status = -1;
	pid_t pid;

	put_or_skip(60);
	if ((pid = fork()) == 0) {
		syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0,
		    0);
		_exit(kernelkey_get(&got, home) != NULL ||
		    memcmp(got, key, MASTER_LEN) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	kernelkey_drop(home);
}

TEST(a_dropped_key_is_gone)
{
	uint8_t *got = NULL;

	put_or_skip(60);
	kernelkey_drop(home);
	assert_fault(FAULT_ABSENT, kernelkey_get(&got, home));
	assert_true(key_number() < 0);
	kernelkey_drop(home);
}

TEST(a_key_that_is_put_again_replaces_the_first)
{
	uint8_t other[MASTER_LEN] = { 7 }, *got = NULL;

	put_or_skip(60);
	assert_ok(kernelkey_put(home, other, 60));
	assert_ok(kernelkey_get(&got, home));
	assert_memory_equal(got, other, MASTER_LEN);
	secret_free(got, MASTER_LEN);
	kernelkey_drop(home);
}

TEST(a_key_is_gone_after_its_time)
{
	struct timespec wait = { 1, 300 * 1000 * 1000 };
	uint8_t *got = NULL;

	put_or_skip(1);
	nanosleep(&wait, NULL);
	assert_fault(FAULT_ABSENT, kernelkey_get(&got, home));
	assert_fault(FAULT_LOCKED, kernelkey_put(home, key, 0));
	assert_fault(FAULT_ABSENT, kernelkey_get(&got, home));
}

/* The kernel's own expiry goes by the wall clock, which can be set back. */
TEST(the_deadline_in_the_payload_counts_too)
{
	uint8_t payload[MASTER_LEN + 8] = { 0 }, *got = NULL;
	char name[HASH_HEX];

	put_or_skip(60);
	payload[MASTER_LEN] = 1;	/* 1 ms after boot */
	description(name, home);
	assert_true(syscall(SYS_add_key, "user", name, payload,
	    sizeof payload, KEY_SPEC_USER_KEYRING) > 0);
	assert_fault(FAULT_ABSENT, kernelkey_get(&got, home));
	assert_true(key_number() < 0);
}

TEST(a_payload_of_another_length_is_not_a_key)
{
	uint8_t payload[MASTER_LEN] = { 0 }, *got = NULL;
	char name[HASH_HEX];

	put_or_skip(60);
	description(name, home);
	assert_true(syscall(SYS_add_key, "user", name, payload,
	    sizeof payload, KEY_SPEC_USER_KEYRING) > 0);
	assert_fault(FAULT_ABSENT, kernelkey_get(&got, home));
	kernelkey_drop(home);
}

TEST(the_description_says_nothing_and_the_kernel_has_a_timeout)
{
	char line[512], number[16], *at = NULL;
	FILE *keys;

	put_or_skip(600);
	snprintf(number, sizeof number, "%08lx ", key_number());
	keys = fopen("/proc/keys", "r");
	if (keys == NULL)
		skip();
	while (at == NULL && fgets(line, sizeof line, keys) != NULL)
		if (strncmp(line, number, 9) == 0)
			at = line;
	fclose(keys);
	assert_non_null(at);
	assert_null(strstr(line, "perm"));	/* would be: no timeout */
	assert_null(strstr(line, "kit"));
	assert_null(strstr(line, "tmp"));
	kernelkey_drop(home);
}

int
main(void)
{
	int rc;

	if (mkdtemp(home) == NULL)
		return 1;
	rc = RUN(T(a_key_is_given_back),
	    T(another_process_of_this_user_gets_it),
	    T(a_dropped_key_is_gone),
	    T(a_key_that_is_put_again_replaces_the_first),
	    T(a_key_is_gone_after_its_time),
	    T(the_deadline_in_the_payload_counts_too),
	    T(a_payload_of_another_length_is_not_a_key),
	    T(the_description_says_nothing_and_the_kernel_has_a_timeout));
	rmdir(home);
	return rc;
}
