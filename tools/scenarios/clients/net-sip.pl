# SPDX-License-Identifier: GPL-2.0-only
#
# Net::SIP as a phone: net-sip.pl USER PASSWORD ADDRESS PORT SERVER registers, and once more for each
# line on standard input. It prints the seconds of each binding.
use strict;
use warnings;

use Net::SIP;

my ($user, $password, $address, $port, $server) = @ARGV;
my $phone = Net::SIP::Simple->new(
	leg => "$address:$port",
	registrar => "$server:5060",
	domain => $server,
	from => "sip:$user\@$server",
	auth => [$user, $password],
);

$| = 1;
do {
	my $seconds = $phone->register(expires => 300);
	print defined $seconds ? "$seconds\n" : $phone->error . "\n";
} while (defined <STDIN>);
