using Compliance.AuditPack;

namespace Compliance.Tests.AuditPack;

public sealed class PersonFilterTests
{
    private static readonly PersonFilter Filter = new([
        "Ann",
        "Ann Lee",
        "Zoë O'Brien",
        "ann@example.com",
        "mia.van.dyk@example.com",
        "security@example.com",
        "8b1d9c1e-1f6b-4b7e-9a51-2b6f0c2d1042",
        "Q",
    ]);

    [Theory]
    [InlineData("Ann Lee, rotate it.", "(person), rotate it.")] // the longer of two names
    [InlineData("ann lee and ANN", "(person) and (person)")]
    [InlineData("Annual report of Joann", "Annual report of Joann")] // within a longer word it is no name
    [InlineData("Annual report of Ann", "Annual report of (person)")]
    [InlineData("zoë o'brien's", "(person)'s")]
    [InlineData("--name 'Zoë O'\\''Brien'", "--name '(person)'")] // as a shell has it
    [InlineData("8B1D9C1E-1F6B-4B7E-9A51-2B6F0C2D1042/x", "(person)/x")]
    [InlineData("Lee, Ann: laptop", "(person): laptop")] // as lists of people have it
    [InlineData("LEE ANN", "(person)")]
    [InlineData("kv-hr/ann-lee-token and ann_lee.pem", "kv-hr/(person)-token and (person).pem")]
    [InlineData("Ann%20Lee or Ann+Lee or AnnLee", "(person) or (person) or (person)")] // within a URL, or run together
    [InlineData("users/Zo%C3%AB%20O%27Brien", "users/(person)")]
    [InlineData("Ann\u00A0Lee", "(person)")]
    [InlineData("Mia.van.Dyk laptop, mia-van-dyk", "(person) laptop, (person)")] // the first half of an address
    [InlineData("the security team", "the security team")] // a shared address is no name
    [InlineData("Q is for question", "Q is for question")]
    [InlineData("write to Bob.Other@example.com.", "write to (address).")]
    [InlineData("guest_example.org#EXT#@example.onmicrosoft.com left", "(address) left")]
    [InlineData("GET users/bob%40example.com/memberOf", "GET users/(address)/memberOf")]
    [InlineData("graph/users/11111111-2222-4333-8444-555555555555/memberOf", "graph/users/(person)/memberOf")]
    [InlineData("graph/applications/11111111-2222-4333-8444-555555555555", "graph/applications/11111111-2222-4333-8444-555555555555")]
    [InlineData("az ad app credential reset --cert @new.pem", "az ad app credential reset --cert @new.pem")]
    [InlineData("", "")]
    public void People_are_replaced_and_all_else_stays(string text, string expected) => Assert.Equal(expected, Filter.In(text));

    [Fact]
    public void Nobody_known_changes_nothing_but_addresses() =>
        Assert.Equal("Ann and (address)", new PersonFilter([]).In("Ann and ann@example.com"));
}
