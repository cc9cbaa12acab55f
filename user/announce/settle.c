// SPDX-License-Identifier: GPL-2.0-only
/* What the file leaves to this machine: the speed of the link, our addresses there. */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "kernel/device.h"
#include "announce/settings.h"

#define FAKED 10000000000ULL /* what veth says, and virtio may, without any such link */

static bool read_address(const struct ifaddrs *one, struct prefix *address)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)one->ifa_addr;
	const struct sockaddr_in *four = (const struct sockaddr_in *)one->ifa_addr;

	*address = (struct prefix){.family = one->ifa_addr ? one->ifa_addr->sa_family : AF_UNSPEC};
	if (address->family == AF_INET) {
		address->length = 32;
		memcpy(address->address, &four->sin_addr, 4);
		return true;
	}
	address->length = 128;
	if (address->family == AF_INET6)
		memcpy(address->address, &six->sin6_addr, 16);
	return address->family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr);
}

static int settle_addresses(struct upstream *u, struct error *error)
{
	struct ifaddrs *all;

	if (u->address_count)
		return 0;
	if (getifaddrs(&all))
		return error_set(error, -errno, "cannot list the addresses of this host: %s.",
				 strerror(errno));
	for (struct ifaddrs *one = all; one; one = one->ifa_next) {
		struct prefix *address = &u->addresses[u->address_count];

		if (!strcmp(one->ifa_name, u->interface) && u->address_count < UPSTREAM_ADDRESSES &&
		    read_address(one, address))
			u->address_count++;
	}
	freeifaddrs(all);
	if (u->address_count)
		return 0;
	return error_set(error, -EADDRNOTAVAIL, "%s has no address: write those that may be "
			 "announced, like 'addresses: [192.0.2.10]'.", u->interface);
}

static int settle_speed(struct upstream *u, struct error *error)
{
	struct device device;

	if (u->speed)
		return 0;
	u->speed = device_speed(u->interface);
	if (!device_read(if_nametoindex(u->interface), &device) &&
	    !strcmp(device.kind, "veth") && u->speed == FAKED)
		u->speed = 0;
	if (u->speed || u->packets)
		return 0;
	return error_set(error, -EOPNOTSUPP, "%s does not say how fast it is: write what your "
			 "provider lets through, like 'speed: 1G', or packets a second, like "
			 "'packets: 500k'.", u->interface);
}

int upstream_settle(struct upstream *u, struct error *error)
{
	int err = 0;

	if (!if_nametoindex(u->interface))
		return error_set(error, -ENODEV, "there is no interface %s here: `ip link` lists "
				 "them.", u->interface);
	err = settle_speed(u, error);
	if (!err)
		err = settle_addresses(u, error);
	if (err)
		return err;
	if (!u->rate)
		u->rate = u->speed / 8 / 4 < 4000000000ULL ? u->speed / 8 / 4 : 4000000000ULL;
	if (!u->rate && (u->action == CHOICE_LIMIT || u->all_senders == CHOICE_LIMIT))
		return error_set(error, -EINVAL, "without 'speed' it is not known to what a flood "
				 "is to be limited: write bytes a second, like 'rate: 1M'.");
	if (u->speed && u->rate * 8ULL * 100 >= u->speed * u->threshold)
		return error_set(error, -EINVAL, "'rate' is %u bytes/s, and so much alone fills "
				 "the link: a rule would relieve nothing; write less than %llu.",
				 u->rate, u->speed * u->threshold / 800);
	return 0;
}
