using Compliance.Minimization.Deletion;
using Compliance.Minimization.Manifests;

namespace Compliance.Tests.Minimization;

public sealed class DeletionTextsTests
{
    [Fact]
    public void Every_reason_not_to_delete_a_blob_has_a_sentence_of_its_own()
    {
        var sentences = Enum.GetValues<TargetProblem>().Select(p => $"{p}: {DeletionTexts.Sentence(p)}").ToList();

        Texts.Minimization.Expect("why a blob cannot be deleted", sentences);
        Assert.Distinct(Enum.GetValues<TargetProblem>().Select(DeletionTexts.Sentence));
    }

    [Fact]
    public void Every_fault_of_an_answer_has_a_sentence_of_its_own_and_none_has_none()
    {
        var faults = Enum.GetValues<AnswerFault>().Where(f => f != AnswerFault.None).ToList();

        Texts.Minimization.Expect("what is wrong with the answer to a batch", faults.Select(f => $"{f}: {DeletionTexts.Sentence(f)}"));
        Assert.Distinct(faults.Select(DeletionTexts.Sentence));
        Assert.All(faults, f => Assert.NotNull(DeletionTexts.Sentence(f)));
        Assert.Null(DeletionTexts.Sentence(AnswerFault.None));
    }
}
