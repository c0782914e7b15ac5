using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

[TestFixture]
internal sealed class SystemErrorTests
{
    [TestCase(unchecked((int)0x80070070), true, TestName = "A_full_disk_is_known_by_the_code_of_Windows")]
    [TestCase(unchecked((int)0x80070027), true, TestName = "A_full_disk_is_known_by_the_code_of_Windows_for_a_handle")]
    [TestCase(unchecked((int)0x80070020), false, TestName = "Another_code_of_Windows_is_no_full_disk")]
    [TestCase(0, false, TestName = "An_error_without_a_code_is_no_full_disk")]
    [TestCase(300, false, TestName = "A_number_that_no_system_has_is_no_full_disk")]
    public void What_dotnet_reports_by_a_code(int code, bool isFull)
    {
        var cause = new IOException("what happened", code);
        StorageException error = SystemError.Of("write", "/a/b", cause);
        Assert.Multiple(() =>
        {
            Assert.That(error.IsDiskFull, Is.EqualTo(isFull));
            Assert.That(error.Message, Does.Contain("write of '/a/b': what happened"));
            Assert.That(error.Message.Contains("Free some space", StringComparison.Ordinal), Is.EqualTo(isFull));
            Assert.That(error.InnerException, Is.SameAs(cause));
        });
    }

    [Test]
    public void A_number_without_a_name_is_told_as_it_is() => Assert.That(SystemError.Of("flush", "/a", 199).Message, Does.Contain("error 199"));

    [Test]
    public void Only_what_dotnet_throws_for_files_is_taken_for_an_error_of_the_disk() => Assert.Multiple(() =>
    {
        Assert.That(SystemError.IsOfFiles(new IOException()));
        Assert.That(SystemError.IsOfFiles(new FileNotFoundException()));
        Assert.That(SystemError.IsOfFiles(new UnauthorizedAccessException()));
        Assert.That(SystemError.IsOfFiles(new ArgumentOutOfRangeException("value")), "a file that would become too long");
        Assert.That(SystemError.IsOfFiles(new ArgumentOutOfRangeException("offset")), Is.False);
        Assert.That(SystemError.IsOfFiles(new InvalidOperationException()), Is.False);
    });
}
