using Compliance.Text;

namespace Compliance.Tests.Text;

public sealed class EditDistanceTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "", 3)]
    [InlineData("abc", "ABC", 0)]
    [InlineData("a", "b", 1)]
    [InlineData("abc", "abcd", 1)]
    [InlineData("abcd", "bcd", 1)]
    [InlineData("flaw", "lawn", 2)]
    [InlineData("kitten", "sitting", 3)]
    public void The_least_changes_between_two_names_are_counted(string a, string b, int distance) =>
        Assert.Equal(distance, EditDistance.Between(a, b));

    [Theory]
    [InlineData(64, 1)]
    [InlineData(65, int.MaxValue)]
    public void Text_of_more_than_64_characters_is_near_to_no_name(int length, int distance) =>
        Assert.Equal(distance, EditDistance.Between(new string('x', length), new string('x', length - 1)));
}
