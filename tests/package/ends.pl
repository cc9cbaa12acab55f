# SPDX-License-Identifier: GPL-2.0-only
#
# Both ends of light traffic over UDP, by what Perl has in every Debian:
#
#   ends.pl send ADDRESS FILE     OPTIONS to port 5060, 200 a second, and with each a datagram that
#                                 is no SIP, until SIGTERM; then the number of each is in FILE
#   ends.pl receive FILE          counts what comes to port 5060, until SIGTERM: how many OPTIONS of
#                                 different numbers, and how many others
use strict;
use warnings;
use IO::Socket::INET;

my ($what, @arguments) = @ARGV;
my $file = $arguments[-1];
my ($good, $bad, $ended) = (0, 0, 0);
$SIG{TERM} = sub { $ended = 1 };

sub done {
	open my $to, '>', "$file.new" or die "$file: $!";
	print $to "$good $bad\n";
	close $to;
	rename "$file.new", $file;
}

sub options {
	my ($number) = @_;
	return join "\r\n", "OPTIONS sip:test\@10.99.0.1 SIP/2.0",
		"Via: SIP/2.0/UDP 10.99.0.2:5070;branch=z9hG4bK-test-$number", 'Max-Forwards: 70',
		"From: <sip:peer\@10.99.0.2>;tag=$number", 'To: <sip:test@10.99.0.1>',
		"Call-ID: $number\@10.99.0.2", "CSeq: $number OPTIONS", 'Content-Length: 0', '', '';
}

if ($what eq 'send') {
	my $socket = IO::Socket::INET->new(Proto => 'udp', LocalPort => 5070,
		PeerAddr => $arguments[0], PeerPort => 5060) or die "send: $!";
	until ($ended) {
		$good++ if $socket->send(options($good + 1));
		$bad++ if $socket->send("this is no message of SIP, but so much noise $bad");
		select undef, undef, undef, 0.005;
	}
} else {
	my $socket = IO::Socket::INET->new(Proto => 'udp', LocalPort => 5060) or die "receive: $!";
	my %seen;
	$socket->sockopt(SO_RCVBUF, 4 << 20);
	done();
	until ($ended) {
		my $ready = '';
		vec($ready, fileno($socket), 1) = 1;
		next unless select($ready, undef, undef, 0.2) > 0;
		$socket->recv(my $text, 2000) // next;
		if ($text =~ /^CSeq: (\d+) OPTIONS/m) {
			$good++ unless $seen{$1}++;
		} else {
			$bad++;
		}
	}
}
done();
