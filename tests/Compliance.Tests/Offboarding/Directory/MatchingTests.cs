using Compliance.Offboarding;
using Compliance.Offboarding.Directory;

namespace Compliance.Tests.Offboarding.Directory;

public sealed class MatchingTests
{
    private static readonly MatchRule[] Rules = [new(["employeeId"]), new(["mail", "userPrincipalName"])];

    private static readonly HrEvent Event = new(
        "hr",
        "1",
        HrEventKind.Terminated,
        DateTimeOffset.UnixEpoch,
        "NW-1",
        "1",
        1,
        null,
        false,
        "dana@x.example",
        "dana@x.example"
    );

    [Theory]
    // employeeId, mail, userPrincipalName -> who
    [InlineData("A", "", "", "A")]
    [InlineData("A", "A", "A", "A")]
    [InlineData("", "A", "A", "A")]
    [InlineData("A", "B", "", "A")] // a mail address alone is no rule: it may be a successor's
    [InlineData("A", "A,B", "A", "A")]
    [InlineData("A", "", "B", "A")]
    [InlineData("a", "A", "A", "a")]
    [InlineData("", "", "", null)]
    [InlineData("A,B", "", "", null)]
    [InlineData("A,B", "A", "A", null)] // two with one employee id are several, whatever else fits
    [InlineData("", "A", "", null)]
    [InlineData("", "", "A", null)]
    [InlineData("", "A", "B", null)]
    [InlineData("", "A,B", "A", null)]
    [InlineData("A", "B", "B", null)] // two whole rules that name different people
    public void Only_one_person_whom_a_whole_rule_names_is_a_match(string employeeId, string mail, string principalName, string? match)
    {
        var decision = Decide(Event, (employeeId, mail, principalName));

        Assert.Equal(match, decision.UserId);
        Assert.Equal(match is null, decision.Problem is not null);
        Assert.Equal(
            $"{employeeId},{mail},{principalName}"
                .Split(',', StringSplitOptions.RemoveEmptyEntries)
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Order(StringComparer.OrdinalIgnoreCase),
            decision.Candidates
        );
    }

    [Fact]
    public void The_order_of_the_rules_decides_nothing_where_they_agree_in_part()
    {
        var decision = Matching.Decide([.. Enumerable.Reverse(Rules)], Answers("A", "B", ""), Event);

        Assert.Equal("A", decision.UserId);
    }

    [Fact]
    public void A_rule_whose_attributes_HR_did_not_all_give_is_not_asked()
    {
        var unsaid = Event with { Mail = " " };

        Assert.Equal(["employeeId"], Matching.Asked(Rules, unsaid));
        Assert.Null(Matching.Decide(Rules, Answers("", "", "A"), unsaid).UserId);
        Texts.Offboarding.Expect(
            "no attribute of those that policy finds people by",
            Matching.Decide([new(["mail"])], Answers("", "", ""), unsaid).Problem
        );
    }

    [Theory]
    [InlineData("employeeId")]
    [InlineData("mail")]
    [InlineData("userPrincipalName")]
    public void What_could_not_be_asked_is_neither_a_match_nor_nobody(string attribute)
    {
        var answers = Answers("A", "A", "A");
        answers[attribute] = new([], "503");

        var decision = Matching.Decide(Rules, answers, Event);

        Assert.Equal((null, null, $"users by {attribute}: 503"), (decision.UserId, decision.Problem, decision.Unread));
    }

    [Theory]
    [InlineData("", "", "")]
    [InlineData("A,B", "", "")]
    [InlineData("", "A", "B")]
    [InlineData("A", "B", "B")]
    [InlineData("", "A", "")]
    public void The_problem_is_told_in_words(string employeeId, string mail, string principalName) =>
        Texts.Offboarding.Expect(
            "users by employeeId, mail and userPrincipalName",
            [employeeId, mail, principalName],
            Decide(Event, (employeeId, mail, principalName)).Problem
        );

    private static MatchDecision Decide(HrEvent latest, (string EmployeeId, string Mail, string PrincipalName) found) =>
        Matching.Decide(Rules, Answers(found.EmployeeId, found.Mail, found.PrincipalName), latest);

    private static Dictionary<string, AttributeAnswer> Answers(string employeeId, string mail, string principalName) =>
        new()
        {
            ["employeeId"] = Users(employeeId),
            ["mail"] = Users(mail),
            ["userPrincipalName"] = Users(principalName),
        };

    private static AttributeAnswer Users(string ids) => new(ids.Split(',', StringSplitOptions.RemoveEmptyEntries), null);
}
