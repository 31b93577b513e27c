using System.Text.RegularExpressions;
using Compliance.Offboarding.Intake;
using Local;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class HrRosterTests
{
    private static readonly DateTimeOffset Written = new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("r.csv", "employeeId\nNW-1\nNW-2\n")]
    [InlineData("r.csv", "\uFEFFEmployeeID ,Status\r\n NW-1 ,active\r\nNW-2,onleave\r\nNW-3,terminated\r\n")]
    [InlineData("r.csv", "status,employeeId,extra\nleft,NW-2,\"a,b\nc\"\nEmployed,NW-2,\n,nw-1,\n")]
    [InlineData(
        "r.json",
        """[{"employeeId":"NW-1"},{"employeeId":"NW-2","status":"leave","more":1},{"employeeId":"NW-3","status":"former"}]"""
    )]
    [InlineData("r.JSON", """{"employees":[{"employeeId":"NW-1","status":null},{"employeeId":"NW-2"}]}""")]
    public void Whoever_is_employed_is_read(string name, string text)
    {
        var roster = HrRosterReader.Read(BinaryData.FromString(text), name, Written);

        Assert.Equal(["NW-1", "NW-2"], roster.Employed.Select(e => e.ToUpperInvariant()).Order());
        Assert.Equal(Written, roster.AsOf);
        Assert.Contains("nw-2", roster.Employed);
    }

    [Theory]
    [InlineData("r.csv", "employeeId,asOf\nNW-1,2026-11-22T02:00:00Z\nNW-2,2026-11-21T03:00:00+01:00\nNW-3,")]
    [InlineData("r.json", """{"asOf":"2026-11-21T02:00:00Z","employees":[{"employeeId":"NW-1"}]}""")]
    [InlineData("r.json", """[{"employeeId":"NW-1","asOf":"2026-11-21T02:00:00Z"}]""")]
    public void A_roster_is_as_old_as_its_oldest_line(string name, string text) =>
        Assert.Equal(
            new DateTimeOffset(2026, 11, 21, 2, 0, 0, TimeSpan.Zero),
            HrRosterReader.Read(BinaryData.FromString(text), name, Written).AsOf
        );

    [Theory]
    [InlineData("r.csv", "")]
    [InlineData("r.csv", "id,status\nNW-1,active")]
    [InlineData("r.csv", "employeeId,status\nNW-1,active\n,active")]
    [InlineData("r.csv", "employeeId,status\nNW-1,retired")]
    [InlineData("r.csv", "employeeId,status\nNW-1,active\nNW-2")]
    [InlineData("r.csv", "employeeId,asOf\nNW-1,yesterday")]
    [InlineData("r.json", "[{\"employeeId\":\"NW-1\"")]
    [InlineData("r.json", "{}")]
    [InlineData("r.json", "[{\"employeeId\":7}]")]
    [InlineData("r.json", "[{\"employeeId\":\"NW-1\"},7]")]
    public void A_roster_that_is_wrong_anywhere_is_no_roster(string name, string text) =>
        Texts.Offboarding.Expect(
            "a roster that is wrong",
            [name, text],
            Assert.Throws<FormatException>(() => HrRosterReader.Read(BinaryData.FromString(text), name, Written)).Message
        );

    [Fact]
    public void Both_documented_rosters_are_read()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs/reference/hr-events.md"));
        foreach (var (fence, name) in new[] { ("csv", "r.csv"), ("roster.json", "r.json") })
        {
            var text = Regex.Match(page, $"```{Regex.Escape(fence)}\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;

            var roster = HrRosterReader.Read(BinaryData.FromString(text), name, DateTimeOffset.MaxValue);

            Assert.Equal(["NW-1042", "NW-1043"], roster.Employed.Order());
            Assert.Equal(Written, roster.AsOf);
        }
    }

    [Fact]
    public void Broken_UTF8_is_no_roster() =>
        Assert.Throws<FormatException>(() => HrRosterReader.Read(BinaryData.FromBytes(new byte[] { (byte)'e', 0xff }), "r.csv", Written));
}
